/**
 * The chat templates that ship with our policies, in the Jinja that `transformers` and @huggingface/jinja both run.
 * Neither changes a message's content (no trimming), so that what was sampled is what the next turn sees.
 */

/**
 * ChatML with Qwen's tool format: documents in the system turn, `<tool_call>` blocks in assistant turns, tool outputs
 * as `<tool_response>` blocks of one user turn. Differs from Qwen's by its short instruction and documents without
 * white space: 45 tokens instead of 104 and a sixth less per document, which is what 500-token prompts need.
 * Without tools it renders what SmolLM2's own template does.
 */
export const chatMlTemplate = `{%- set default = '' if tools else 'You are a helpful AI assistant named SmolLM, trained by Hugging Face' -%}
{%- set system = messages[0].content if messages[0].role == 'system' else default -%}
{{- '<|im_start|>system\\n' + system -}}
{%- if tools -%}
  {{- ('\\n\\n' if system else '') + 'Answer by calling these tools:\\n<tools>\\n' -}}
  {%- for tool in tools -%}
    {%- set document = tool.function if tool.function is defined else tool -%}
    {{- document | tojson(separators=(',', ':')) -}}
    {{- '\\n' -}}
  {%- endfor -%}
  {{- '</tools>\\nFor each call write\\n<tool_call>\\n{"name": <name>, "arguments": <object>}\\n</tool_call>' -}}
{%- endif -%}
{{- '<|im_end|>\\n' -}}
{%- for message in messages -%}
  {%- if message.role == 'tool' -%}
    {{- '<|im_start|>user' if loop.first or messages[loop.index0 - 1].role != 'tool' else '' -}}
    {{- '\\n<tool_response>\\n' + message.content + '\\n</tool_response>' -}}
    {{- '<|im_end|>\\n' if loop.last or messages[loop.index0 + 1].role != 'tool' else '' -}}
  {%- elif message.role == 'assistant' -%}
    {{- '<|im_start|>assistant\\n' + (message.content or '') -}}
    {%- for call in message.tool_calls or [] -%}
      {%- set called = call.function if call.function is defined else call -%}
      {{- '\\n' if message.content or not loop.first else '' -}}
      {{- '<tool_call>\\n{"name": ' + (called.name | tojson) + ', "arguments": ' -}}
      {{- called.arguments if called.arguments is string else called.arguments | tojson -}}
      {{- '}\\n</tool_call>' -}}
    {%- endfor -%}
    {{- '<|im_end|>\\n' -}}
  {%- elif message.role != 'system' or not loop.first -%}
    {{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' -}}
  {%- endif -%}
{%- endfor -%}
{%- if add_generation_prompt -%}
  {{- '<|im_start|>assistant\\n' -}}
{%- endif -%}`;

/**
 * The tiny policy's: every byte is a token, so a tool is its signature, `name(a,b)`, and turns have no role names.
 * `<|im_start|>` is said before assistant turns only: it is the cue to speak.
 */
export const terseTemplate = `{%- for tool in tools or [] -%}
  {%- set document = tool.function if tool.function is defined else tool -%}
  {{- document.name + '(' -}}
  {%- for name in document.parameters.properties -%}
    {{- name if loop.first else ',' + name -}}
  {%- endfor -%}
  {{- ')' -}}
{%- endfor -%}
{%- for message in messages -%}
  {%- if message.role == 'tool' -%}
    {{- '<tool_response>' + message.content + '</tool_response>' -}}
  {%- elif message.role == 'assistant' -%}
    {{- '<|im_start|>' + message.content + '<|im_end|>' -}}
  {%- else -%}
    {{- message.content + '<|im_end|>' -}}
  {%- endif -%}
{%- endfor -%}
{%- if add_generation_prompt -%}
  {{- '<|im_start|>' -}}
{%- endif -%}`;
