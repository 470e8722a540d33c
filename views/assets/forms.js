// On every page. Forms work without this: it only moves the focus, shows passwords and stops a
// second press while the first is being answered.

document.querySelector('.alert')?.focus();

for (const button of document.querySelectorAll('[data-reveal]')) {
  const field = document.getElementById(button.dataset.reveal);
  const show = (shown) => {
    field.type = shown ? 'text' : 'password';
    button.textContent = shown ? button.dataset.hide : button.dataset.show;
    button.setAttribute('aria-controls', field.id);
  };
  button.addEventListener('click', () => {
    show(field.type === 'password');
    field.focus();
  });
  // A field that leaves the page as text would be remembered by the browser as ordinary input.
  field.form.addEventListener('submit', () => show(false));
  button.hidden = false;
}

/** After this long the answer is lost and the person may try again. */
const patience = 10_000;

for (const form of document.forms) {
  const release = () => form.removeAttribute('aria-busy');
  form.addEventListener('submit', (event) => {
    if (event.defaultPrevented) return;
    if (form.getAttribute('aria-busy') === 'true') event.preventDefault();
    else {
      form.setAttribute('aria-busy', 'true');
      setTimeout(release, patience);
    }
  });
  window.addEventListener('pageshow', release);
}
