import ipaddr from 'ipaddr.js';

/** Whether only this machine can reach the host: an address, also in a URL's brackets, or `localhost`. */
export function isLoopback(host: string): boolean {
  const address = host.replace(/^\[(.*)\]$/, '$1');
  if (!ipaddr.isValid(address)) return address === 'localhost';
  return ipaddr.process(address).range() === 'loopback';
}
