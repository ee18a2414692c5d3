/** What to do about an error with which a connection could not be opened, by its code or its words. */
const REMEDIES: [pattern: RegExp, remedy: string][] = [
  [
    /SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_GET_ISSUER_CERT|UNABLE_TO_VERIFY_LEAF_SIGNATURE|DEPTH_ZERO_SELF_SIGNED_CERT/,
    "the server's certificate is signed by an authority that is not known here: name the authority's certificate with sslrootcert=/path/to/ca.crt in the address, or in PGSSLROOTCERT",
  ],
  [
    /ERR_TLS_CERT_ALTNAME_INVALID/,
    "the server's certificate is for another name: connect by a name that it holds, or check the authority alone with sslmode=verify-ca",
  ],
  [/CERT_HAS_EXPIRED/, "the server's certificate has expired: renew it on the server"],
  [
    /CERT_NOT_YET_VALID/,
    "the server's certificate is not valid yet: compare the clocks of this machine and the server",
  ],
  [
    /does not support SSL/,
    'the server offers no TLS: switch it on there (ssl = on), or set sslmode=disable in a network that you trust',
  ],
  [
    /no encryption|SSL off/,
    'the server takes encrypted connections only: add sslmode=verify-full (or require) to the address',
  ],
  [
    /certificate authentication failed|requires a valid client certificate/,
    'the server wants a certificate of the client: name it and its key with sslcert and sslkey',
  ],
  [
    /^(ERR_(TLS|SSL|OSSL)|EPROTO)|error establishing an SSL connection/,
    'the TLS connection failed: check sslmode and the certificates of both sides',
  ],
];

/** What to do about a connection that could not be opened. */
export function remedyOf(error: unknown): string {
  const { code = '', message = '' } = Object(error) as { code?: string; message?: string };
  const found = REMEDIES.find(([pattern]) => pattern.test(code) || pattern.test(message));
  return (
    found?.[1] ?? 'check that the server runs and that host, port, user, password and database name are right'
  );
}
