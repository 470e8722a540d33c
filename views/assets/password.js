// Says while typing how hard a password is to guess. A rough estimate to learn from; the server
// decides with its list of common passwords.

const rows = [
  'qwertyuiop',
  'qwertzuiop',
  'asdfghjkl',
  'zxcvbnm',
  'abcdefghijklmnopqrstuvwxyz',
  '01234567890',
];
const common = [
  'password',
  'passwort',
  'letmein',
  'welcome',
  'iloveyou',
  'matrix',
  'hallo',
  'admin',
];

/** Characters that the one before does not give away. */
function surprising(text) {
  let count = 0;
  for (let at = 0; at < text.length; at += 1) {
    const pair = text.slice(at - 1, at + 1);
    const turned = [...pair].reverse().join('');
    const follows = rows.some((row) => row.includes(pair) || row.includes(turned));
    const repeats = text[at] === text[at - 1] || text.slice(0, at).includes(text.slice(at, at + 3));
    count += at > 0 && (follows || repeats) ? 0.3 : 1;
  }
  return count;
}

function level(password, avoid) {
  let text = password.toLowerCase();
  for (const word of [...avoid, ...common]) text = text.replaceAll(word, '*');
  const kinds = [/[a-z]/, /[A-Z]/, /\d/, /[^a-zA-Z\d]/].filter((kind) =>
    kind.test(password),
  ).length;
  const bits = surprising(text) * (2.4 + kinds);
  if (password.length < 8 || bits < 30) return 0;
  return bits < 42 ? 1 : bits < 56 ? 2 : 3;
}

for (const meter of document.querySelectorAll('[data-strength]')) {
  const field = document.getElementById(meter.dataset.strength);
  const words = JSON.parse(meter.dataset.words);
  const avoid = JSON.parse(meter.dataset.avoid)
    .flatMap((word) => word.toLowerCase().split(/[^a-z0-9]+/))
    .filter((word) => word.length > 2);
  const status = document.querySelector(`#${field.id}-hint .level`);

  field.addEventListener('input', () => {
    const reached = level(field.value, avoid);
    if (field.value === '') delete meter.dataset.level;
    else meter.dataset.level = reached;
    const word = field.value === '' ? '' : words[reached];
    if (status.textContent !== word) status.textContent = word;
  });
}
