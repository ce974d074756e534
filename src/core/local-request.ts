/**
 * Whether an HTTP request was meant for this machine. A page of another origin, or a name that was made to lead here
 * (DNS rebinding), shows in these headers.
 */
export function isMeantForThisMachine({
  host,
  origin,
}: {
  readonly host?: string | undefined;
  readonly origin?: string | undefined;
}): boolean {
  return isLocalHost(`http://${host}`) && (origin === undefined || isLocalHost(origin));
}

function isLocalHost(url: string): boolean {
  return URL.canParse(url) && ["127.0.0.1", "localhost", "[::1]"].includes(new URL(url).hostname);
}
