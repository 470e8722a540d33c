// A page in a pop-up can be put before somebody in the midst of a double click that was meant for another
// one. What gives something away can be pressed only when it has been in sight for half a second.

const buttons = document.querySelectorAll('button.primary');
let timer;

const settle = () => {
  for (const button of buttons) button.disabled = true;
  clearTimeout(timer);
  timer = setTimeout(() => {
    for (const button of buttons) button.disabled = false;
  }, 500);
};

settle();
window.addEventListener('focus', settle);
window.addEventListener('pageshow', settle);
