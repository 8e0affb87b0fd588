// Light or dark: the reader's choice, or else the system's. Runs before the first paint, so that no wrong theme flashes;
// answers the toggle before the page is alive.
(() => {
  const root = document.documentElement;
  // What css does for those who have a script, and does not for those who have none.
  root.dataset.scripted = "";
  const read = () => { try { return localStorage.getItem("theme"); } catch { return null; } };
  const show = (theme) => theme === "dark" || theme === "light" ? (root.dataset.theme = theme) : delete root.dataset.theme;
  show(read());
  addEventListener("storage", (event) => event.key === "theme" && show(event.newValue));
  addEventListener("click", (event) => {
    if (!event.target.closest?.("[data-theme-toggle]")) return;
    const isDark = (root.dataset.theme ?? (matchMedia("(prefers-color-scheme: light)").matches ? "light" : "dark")) === "dark";
    const theme = isDark ? "light" : "dark";
    show(theme);
    try { localStorage.setItem("theme", theme); } catch { /* private mode: it lasts as long as the page */ }
  });
})();
