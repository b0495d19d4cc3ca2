// Logs in with X's own JavaScript SDK, uses what it got, and writes what came of it as JSON, for a test to look at.
//
// Argument: {"baseUrl", "oauth2"? or "oauth1"?: what the SDK's class of that name is made with}.
// Standard output: a line with the address of the consent page, then a line with the outcome.
// Standard input: what the person came back with, once the first line is written: a code, a verifier or a PIN.
//
// The SDK has X's host built in where it logs in, so `fetch` sends what goes there to `baseUrl`, as it is.

import { createInterface } from "node:readline/promises";

import { Client, OAuth1, OAuth2, generateCodeVerifier } from "@xdevplatform/xdk";

const { baseUrl, oauth1, oauth2 } = JSON.parse(process.argv[2]);

const fetchAnywhere = globalThis.fetch;
globalThis.fetch = (address, options) => fetchAnywhere(address.replace("https://api.x.com/", `${baseUrl}/`), options);

const person = createInterface({ input: process.stdin, output: process.stdout });

const answerTo = (url) => person.question(`${url}\n`);

// Mutes, lists and unmutes; leaves everything as it was.
async function use(credentials) {
  const { users } = new Client({ baseUrl, ...credentials });
  const { data: me } = await users.getMe();
  await users.muteUser(me.id, { targetUserId: "1001" });
  const muted = (await users.getMuting(me.id)).data.map((user) => user.id);
  await users.unmuteUser(me.id, "1001");
  return { username: me.username, muted, left: (await users.getMuting(me.id)).meta.resultCount };
}

const failure = (promise) => promise.then(() => null, (error) => error.message);

async function loginWithOAuth2() {
  const login = new OAuth2(oauth2);
  await login.setPkceParameters(generateCodeVerifier());
  const code = await answerTo(await login.getAuthorizationUrl("of this login"));
  const first = await login.exchangeCode(code, login.getCodeVerifier());
  const uses = [await use({ accessToken: first.access_token })];
  const second = await login.refreshToken();
  uses.push(await use({ accessToken: second.access_token }));
  const reused = await failure(login.refreshToken(first.refresh_token));
  const after = await failure(use({ accessToken: second.access_token }));
  return { first, second, uses, reused, after };
}

async function loginWithOAuth1() {
  const login = new OAuth1(oauth1);
  const { accessToken, accessTokenSecret } = await login.getAccessToken(await answerTo(await login.startOAuthFlow()));
  // A new object: the one that logged in goes on signing as for the request token.
  return { uses: [await use({ oauth1: new OAuth1({ ...oauth1, accessToken, accessTokenSecret }) })] };
}

const outcome = await (oauth2 ? loginWithOAuth2() : loginWithOAuth1()).catch((error) => ({ error: error.message }));
console.log(JSON.stringify(outcome));
person.close();
