// Passkeys: asks the service what the authenticator is to be asked, and sends with the form what it
// said. Whatever the service has to say against it, it says in answer to the form without it.

const { browserSupportsWebAuthn, startRegistration } = globalThis.SimpleWebAuthnBrowser;

/** What it was asked for is made, or chosen, by the person: the form goes as if they had pressed it. */
function send(form, credential) {
  form.elements.credential.value = credential ? JSON.stringify(credential) : '';
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

for (const form of document.querySelectorAll('form[data-passkey="add"]')) {
  const words = JSON.parse(form.dataset.words);
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    if (!browserSupportsWebAuthn()) return say(form, words.unable);
    say(form, '');
    const optionsJSON = await optionsOf(form);
    if (!optionsJSON) return send(form);
    try {
      send(form, await startRegistration({ optionsJSON }));
    } catch (error) {
      say(form, wordFor(error, words));
    }
  });
}
