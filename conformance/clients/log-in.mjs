/** Does what a person does in the browser: agrees. @param {URL | string} url of authorization @returns {Promise<URL>} where the browser is sent back to */
export async function agree(url) {
  const answer = await fetch(url, { redirect: 'manual' });
  const back = answer.headers.get('location');
  if (back === null) throw new Error(`Not authorized: ${answer.status} ${await answer.text()}`);
  return new URL(back);
}

/** As libraries want it of the program that uses them: it remembers, and opens the browser. */
export class Login {
  redirectUrl = 'http://127.0.0.1:1/callback';
  clientMetadata = {
    client_name: 'tour',
    redirect_uris: [this.redirectUrl],
    token_endpoint_auth_method: 'none',
  };
  /** @type {Record<string, any>} */
  #saved = {};
  /** @type {URLSearchParams | undefined} what the browser came back with */
  #back;

  clientInformation = () => this.#saved['client'];
  saveClientInformation = (/** @type {unknown} */ client) => void (this.#saved['client'] = client);
  tokens = () => this.#saved['tokens'];
  saveTokens = (/** @type {unknown} */ tokens) => void (this.#saved['tokens'] = tokens);
  codeVerifier = () => this.#saved['verifier'];
  saveCodeVerifier = (/** @type {unknown} */ verifier) => void (this.#saved['verifier'] = verifier);
  authorizationServerInformation = () => this.#saved['server'];
  saveAuthorizationServerInformation = (/** @type {unknown} */ server) =>
    void (this.#saved['server'] = server);
  redirectToAuthorization = async (/** @type {URL} */ url) => {
    this.#back = (await agree(url)).searchParams;
  };

  /** @returns {URLSearchParams} */
  get back() {
    if (!this.#back) throw new Error('The client asked for no log-in.');
    return this.#back;
  }
}

/**
 * Tries without a token, logs in, tries again.
 * @template T
 * @param {() => Promise<T>} open
 * @param {() => Promise<unknown>} finish trades the code for a token
 * @returns {Promise<T>}
 */
export async function afterLogin(open, finish) {
  const refusal = await open().then(
    () => undefined,
    (error) => error,
  );
  if (refusal === undefined) throw new Error('Nobody asked for a log-in.');
  try {
    await finish();
  } catch (error) {
    throw new Error(`${/** @type {Error} */ (error).message} (refused before with: ${refusal.message})`, {
      cause: error,
    });
  }
  return open();
}
