// Chooses light or dark before the first paint, and says whether the first page is the one for signing in.
(function () {
  var root = document.documentElement;
  var dark = matchMedia("(prefers-color-scheme: dark)");
  function choose() {
    var wish = null;
    try {
      wish = localStorage.getItem("flowdeck.theme");
    } catch (refused) {
      // Storage may be forbidden: the system's theme then.
    }
    root.dataset.theme = wish === "light" || wish === "dark" ? wish : dark.matches ? "dark" : "light";
  }
  choose();
  dark.addEventListener("change", choose);
  addEventListener("storage", choose);
  addEventListener("flowdeck-theme", choose);
  if (location.pathname === "/sign-in" || location.hash.indexOf("#sign-in=") === 0) {
    root.dataset.start = "sign-in";
  }
})();
