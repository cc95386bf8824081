// Loads the page again when the server tells of another version: after each save, and after a restart.
"use strict";
new EventSource("events").onmessage = (event) => {
  if (event.data !== document.documentElement.dataset.version) location.reload();
};
