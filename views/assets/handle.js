// Answers while a handle is being typed: whether it is free, why not, and what would be.

const field = document.getElementById('handle');
const state = document.getElementById('handle-state');
const preview = document.getElementById('preview');
const box = document.querySelector('.suggestions');
const chips = box.querySelector('.chips');
const words = JSON.parse(field.dataset.words);
const pause = 250;

let timer;
let asked;

function say(kind, text) {
  state.dataset.state = kind;
  const line = state.querySelector('span');
  if (line.textContent !== text) line.textContent = text;
  if (kind === 'bad') field.setAttribute('aria-invalid', 'true');
  else field.removeAttribute('aria-invalid');
}

function suggest(handles) {
  if (handles.length === 0) return;
  chips.replaceChildren(
    ...handles.map((handle) => {
      const button = document.createElement('button');
      button.name = 'suggestion';
      button.value = handle;
      button.textContent = handle;
      return button;
    }),
  );
  box.hidden = false;
}

async function check(handle) {
  asked?.abort();
  asked = new AbortController();
  const url = new URL(field.dataset.availability, location.href);
  url.searchParams.set('handle', handle);
  try {
    const response = await fetch(url, {
      signal: asked.signal,
      headers: { accept: 'application/json' },
    });
    if (!response.ok) return say('none', words.unsure);
    const answer = await response.json();
    if (answer.available) say('good', words.free.replace('{handle}', answer.handle));
    else say('bad', words[answer.reason] ?? words.refused);
    suggest(answer.suggestions ?? []);
  } catch (error) {
    if (error.name !== 'AbortError') say('none', words.unsure);
  }
}

function typed() {
  const handle = field.value.trim().toLowerCase().replace(/^@/, '');
  // Like every address: a line may end after a dot.
  const parts = handle.split(/(?<=\.)/);
  preview.replaceChildren(
    ...parts.flatMap((part, i) => (i ? [document.createElement('wbr'), part] : [part])),
  );
  clearTimeout(timer);
  asked?.abort();
  if (handle === '') return say('none', '');
  state.dataset.state = 'none';
  timer = setTimeout(() => {
    say('none', words.checking);
    check(handle);
  }, pause);
}

field.addEventListener('input', typed);

chips.addEventListener('click', (event) => {
  const button = event.target.closest('button');
  if (!button) return;
  event.preventDefault();
  field.value = button.value;
  field.focus();
  typed();
});
