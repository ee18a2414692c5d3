/** Words of names that hold what nobody should read. Several words stand together: `api key` is in `apiKeyHash` and `API_KEY`. */
const SECRET = [
  'password',
  'passwd',
  'pwd',
  'passphrase',
  'passcode',
  'hash',
  'digest',
  'salt',
  'pepper',
  'secret',
  'token',
  'jwt',
  'otp',
  'totp',
  'pin',
  'cvv',
  'cvc',
  'credential',
  'api key',
  'access key',
  'private key',
  'signing key',
  'encryption key',
  'secret key',
  'recovery code',
  'backup code',
];

/** True if a name looks as if its values were secret. It may be in camel case, snake case or capitals. */
export function looksSecret(name: string): boolean {
  const words = ` ${splitWords(name).join(' ')} `;
  return SECRET.some((secret) => words.includes(` ${secret} `) || words.includes(` ${secret}s `));
}

function splitWords(name: string): string[] {
  return name
    .replace(/([a-z\d])([A-Z])/g, '$1 $2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1 $2')
    .toLowerCase()
    .replace(/apikey/g, 'api key')
    .replace(/privatekey/g, 'private key')
    .replace(/password/g, ' password ')
    .split(/[^\p{L}\d]+/u)
    .filter((word) => word !== '');
}
