// Looks again by itself while the account is being made.

const { reload } = document.querySelector('[data-reload]').dataset;
setTimeout(() => location.reload(), Number(reload) * 1000);
