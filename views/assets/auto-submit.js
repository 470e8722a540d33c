// Sends the page's only form by itself. Before the page has loaded, so that going back in the browser
// does not lead here again.

document.forms[0].requestSubmit();
