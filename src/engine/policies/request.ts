/** One HTTP request to the Hub, its failures told apart: a wrong name, a missing permission, a network that is not there. */
import { RatchetError } from "../../core/errors.ts";

export interface RequestOptions {
  readonly token: string | undefined;
}

const mostAttempts = 3;

/** A response of status 200, 206 or 416. */
export async function request(
  url: string,
  headers: Readonly<Record<string, string>>,
  { token }: RequestOptions,
): Promise<Response> {
  const authorization: Record<string, string> =
    token === undefined ? {} : { authorization: `Bearer ${token}` };
  const response = await answer(url, { ...headers, ...authorization });
  const { status } = response;
  if (status === 200 || status === 206 || status === 416) return response;
  await response.body?.cancel();
  if (status === 401 || status === 403)
    throw new RatchetError(
      "InvalidInput",
      `${url} answers ${status}: there is no such model, or it asks for a token; accept its terms and set HF_TOKEN, or correct the name`,
      { url, status },
    );
  if (status === 404)
    throw new RatchetError(
      "InvalidInput",
      `${url} answers 404: there is no such model, revision or file; correct the name`,
      { url, status },
    );
  throw unreachable(url, `it answers ${status}`, undefined);
}

/** A connection that was kept open may be closed just then, so a request that got no answer is made again. */
async function answer(url: string, headers: Record<string, string>): Promise<Response> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await fetch(url, { headers });
    } catch (cause) {
      if (attempt === mostAttempts) throw unreachable(url, reasonOf(cause), cause);
    }
  }
}

export const unreachable = (url: string, reason: string, cause: unknown) =>
  new RatchetError(
    "ServiceUnavailable",
    `cannot fetch ${url}: ${reason}; check the network (HF_ENDPOINT names a mirror), or give the path of a folder or .gguf file`,
    { url },
    cause,
  );

/** fetch says "fetch failed" and keeps the reason as its cause. */
export function reasonOf(error: unknown): string {
  const { cause, message } = error as Error & { cause?: { code?: string; message?: string } };
  return cause?.code ?? cause?.message ?? message;
}
