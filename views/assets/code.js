// Groups codes while they are typed or pasted, and counts down to when another can be asked for.

const kinds = {
  digits: { unwanted: /\D/g, group: (digits) => (digits > 6 ? 4 : 3), separator: ' ' },
  letters: { unwanted: /[^0-9A-Z]/g, group: () => 4, separator: '-' },
};

/** Longer than any code: what is too much is told by the server, not cut off in silence. */
const longest = 12;

for (const field of document.querySelectorAll('[data-format]')) {
  const { unwanted, group, separator } = kinds[field.dataset.format];
  const clean = (text) => text.toUpperCase().replace(unwanted, '');

  field.addEventListener('input', () => {
    const before = clean(field.value.slice(0, field.selectionStart)).length;
    const value = clean(field.value).slice(0, longest);
    const size = group(Math.max(value.length, field.dataset.digits));
    field.value = (value.match(new RegExp(`.{1,${size}}`, 'g')) ?? []).join(separator);
    const caret = before + Math.max(0, Math.ceil(before / size) - 1);
    field.setSelectionRange(caret, caret);
  });
}

for (const button of document.querySelectorAll('[data-wait]')) {
  const label = button.textContent;
  const until = Date.now() + Number(button.dataset.wait) * 1000;
  const tick = () => {
    const left = Math.ceil((until - Date.now()) / 1000);
    button.disabled = left > 0;
    if (left <= 0) {
      button.textContent = label;
      return;
    }
    const time = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, '0')}`;
    button.textContent = button.dataset.waiting.replace('{time}', time);
    setTimeout(tick, 250);
  };
  tick();
}
