/** Words of names whose values are secret. */
const WORDS = [
  'hash',
  'hashes',
  'hashed',
  'digest',
  'salt',
  'pepper',
  'hmac',
  'otp',
  'totp',
  'hotp',
  'pin',
  'cvv',
  'cvv 2',
  'cvc',
  'cvc 2',
  'user pass',
  'db pass',
  'smtp pass',
];

/** The whole of a name, since in others these are ordinary words, as in `sessionTitle` and `mfaEnabled`. */
const NAMES = ['pass', 'pw', 'mfa', '2 fa', 'session', 'sess', 'sid'];

/** Found in names without their separators and capitals, as in `accesstoken`, `API_KEY` and `hashedPassword`. */
const PARTS =
  /passw(or)?d|pwd|passphrase|passcode|credential|secret(?!ar)|token|jwt|cookie|(api|access|private|signing|encryption|master|ssh)key|(recovery|backup|verification|reset|login|security|auth|authorization|onetime|mfa|2fa|twofactor)code|session(id|key|data)|connectionstring|databaseurl|hash$/;

/** True if a name looks as if its values were secret. It may be in camel case, snake case or capitals. */
export function looksSecret(name: string): boolean {
  const words = ` ${splitWords(name).join(' ')} `;
  return (
    WORDS.some((secret) => words.includes(` ${secret} `) || words.includes(` ${secret}s `)) ||
    NAMES.includes(words.trim()) ||
    PARTS.test(name.toLowerCase().replace(/[^\p{L}\d]+/gu, ''))
  );
}

/** The words of a name in lower case. */
export function splitWords(name: string): string[] {
  return name
    .replace(/([a-z\d])([A-Z])/g, '$1 $2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1 $2')
    .replace(/([A-Za-z])(\d)/g, '$1 $2')
    .replace(/(\d)([A-Za-z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\d]+/u)
    .filter((word) => word !== '');
}
