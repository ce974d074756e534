/**
 * The chat templates of our own, for policies whose own has no tools, in the Jinja that `transformers` and @huggingface/jinja both run.
 * Neither changes a message's content (no trimming), so that what was sampled is what the next turn sees.
 */

/** How a family marks turns: `open` role `named` content `close`; in Jinja's escapes, `named` ending in a line feed. */
interface TurnMarks {
  readonly open: string;
  readonly named: string;
  readonly close: string;
}

/**
 * Qwen's tool format between any marks: documents in the system turn, `<tool_call>` blocks in assistant turns, tool outputs
 * as `<tool_response>` blocks of one user turn. Differs from Qwen's by its short instruction and documents without
 * white space: 45 tokens instead of 104 and a sixth less per document, which is what 500-token prompts need.
 * `system` is said to a policy that was given neither tools nor a system message.
 */
const toolTemplate = (
  { open, named, close }: TurnMarks,
  system: string,
) => `{%- set default = '' if tools else '${system}' -%}
{%- set system = messages[0].content if messages[0].role == 'system' else default -%}
{{- '${open}system${named}' + system -}}
{%- if tools -%}
  {{- ('\\n\\n' if system else '') + 'Answer by calling these tools:\\n<tools>\\n' -}}
  {%- for tool in tools -%}
    {%- set document = tool.function if tool.function is defined else tool -%}
    {{- document | tojson(separators=(',', ':')) -}}
    {{- '\\n' -}}
  {%- endfor -%}
  {{- '</tools>\\nFor each call write\\n<tool_call>\\n{"name": <name>, "arguments": <object>}\\n</tool_call>' -}}
{%- endif -%}
{{- '${close}' -}}
{%- for message in messages -%}
  {%- if message.role == 'tool' -%}
    {{- '${open}user${named.slice(0, -2)}' if loop.first or messages[loop.index0 - 1].role != 'tool' else '' -}}
    {{- '\\n<tool_response>\\n' + message.content + '\\n</tool_response>' -}}
    {{- '${close}' if loop.last or messages[loop.index0 + 1].role != 'tool' else '' -}}
  {%- elif message.role == 'assistant' -%}
    {{- '${open}assistant${named}' + (message.content or '') -}}
    {%- for call in message.tool_calls or [] -%}
      {%- set called = call.function if call.function is defined else call -%}
      {{- '\\n' if message.content or not loop.first else '' -}}
      {{- '<tool_call>\\n{"name": ' + (called.name | tojson) + ', "arguments": ' -}}
      {{- called.arguments if called.arguments is string else called.arguments | tojson -}}
      {{- '}\\n</tool_call>' -}}
    {%- endfor -%}
    {{- '${close}' -}}
  {%- elif message.role != 'system' or not loop.first -%}
    {{- '${open}' + message.role + '${named}' + message.content + '${close}' -}}
  {%- endif -%}
{%- endfor -%}
{%- if add_generation_prompt -%}
  {{- '${open}assistant${named}' -}}
{%- endif -%}`;

const chatMl: TurnMarks = { open: "<|im_start|>", named: "\\n", close: "<|im_end|>\\n" };
const llama3: TurnMarks = {
  open: "<|start_header_id|>",
  named: "<|end_header_id|>\\n\\n",
  close: "<|eot_id|>",
};

/** SmolLM2's: without tools it renders what its own template does. */
export const chatMlTemplate = toolTemplate(
  chatMl,
  "You are a helpful AI assistant named SmolLM, trained by Hugging Face",
);

/** The template for a policy whose own has no tools, by the turn marks that it knows; undefined where it knows none. */
export function templateFor(knows: (token: string) => boolean): string | undefined {
  if (knows("<|im_start|>") && knows("<|im_end|>")) return toolTemplate(chatMl, "");
  if (["<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"].every(knows))
    return `{{- bos_token -}}\n${toolTemplate(llama3, "")}`;
  return undefined;
}

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
