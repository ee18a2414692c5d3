/** For a person at a terminal; never while MCP is served over stdio, where stdout is the protocol's. */
export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
