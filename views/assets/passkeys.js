// Passkeys: asks the service what the authenticator is to be asked, and sends with the form what it
// said. Whatever the service has to say against it, it says in answer to the form without it.

const {
  browserSupportsWebAuthn,
  browserSupportsWebAuthnAutofill,
  startAuthentication,
  startRegistration,
} = globalThis.SimpleWebAuthnBrowser;

/** A challenge is good for five minutes, and a sign-in page is open for longer. */
const renewal = 4 * 60_000;

function send(form, credential) {
  form.elements.credential.value = credential ? JSON.stringify(credential) : '';
  const { remember } = form.elements;
  const box = document.getElementById('remember');
  if (remember && box) remember.value = box.checked ? 'yes' : 'no';
  else remember?.remove();
  form.submit();
}

/** Undefined where the service answers by a page instead: it wants to say something. */
async function optionsOf(form) {
  const response = await fetch(form.dataset.options, {
    method: 'POST',
    body: new URLSearchParams(new FormData(form)),
    headers: { accept: 'application/json' },
  }).catch(() => undefined);
  const isJson = response?.headers.get('content-type')?.startsWith('application/json');
  return response?.ok && isJson ? response.json() : undefined;
}

function say(form, text) {
  form.removeAttribute('aria-busy');
  const line = form.querySelector('template').content.cloneNode(true);
  line.querySelector('span').textContent = text;
  form.querySelector('[data-passkey-state]').replaceChildren(...(text ? [line] : []));
}

function wordFor(error, words) {
  if (error.name === 'NotAllowedError' || error.name === 'AbortError') return words.cancelled;
  return (error.name === 'InvalidStateError' && words.known) || words.failed;
}

/** When the form's button is pressed. */
function act(form, start, { before, afterwards }) {
  const words = JSON.parse(form.dataset.words);
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    if (!browserSupportsWebAuthn()) return say(form, words.unable);
    say(form, '');
    before?.();
    const optionsJSON = await optionsOf(form);
    if (!optionsJSON) return send(form);
    try {
      send(form, await start({ optionsJSON }));
    } catch (error) {
      say(form, wordFor(error, words));
      afterwards?.();
    }
  });
}

/** Has the browser offer passkeys in the field for the name, for as long as the page is open. */
function offerer(form) {
  let timer;
  const stop = () => clearTimeout(timer);
  const offer = async () => {
    const optionsJSON = await optionsOf(form);
    if (!optionsJSON) return;
    stop();
    timer = setTimeout(offer, renewal);
    try {
      send(form, await startAuthentication({ optionsJSON, useBrowserAutofill: true }));
    } catch {
      // Given up for another, or for the button.
    }
  };
  return { offer, stop };
}

for (const form of document.querySelectorAll('form[data-passkey="add"]')) {
  act(form, startRegistration, {});
}

for (const form of document.querySelectorAll('form[data-passkey="sign-in"]')) {
  if (!browserSupportsWebAuthn()) continue;
  form.hidden = false;
  const field = document.querySelector('input[autocomplete$="webauthn"]');
  const inField = field && (await browserSupportsWebAuthnAutofill());
  const { offer, stop } = offerer(form);
  act(form, startAuthentication, inField ? { before: stop, afterwards: offer } : {});
  if (inField) offer();
}
