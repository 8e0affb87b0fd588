// The desk's fittings that need no wasm and answer before the page is alive: regions that share a place as tabs, the
// reader's settings, the sound and the notification of a new alert, and text as a file. What is chosen stays in the
// browser's storage.
(() => {
  const root = document.documentElement;
  const stored = (key) => { try { return localStorage.getItem(key); } catch { return null; } };
  // In private mode a choice lasts as long as the page.
  const store = (key, value) => { try { localStorage.setItem(key, value); } catch { } };

  // Tabs: links to what is stacked become tabs of what is shown one at a time.
  const groups = [];
  const show = (group, at, focus) => {
    group.tabs.forEach((tab, place) => {
      const isOn = place === at;
      tab.setAttribute("aria-selected", isOn);
      tab.tabIndex = isOn ? 0 : -1;
      group.panels[place].hidden = !isOn;
      if (isOn && focus) tab.focus();
    });
    store(`tab-${group.name}`, group.ids[at]);
  };
  for (const element of document.querySelectorAll("[data-tabs]")) {
    const strip = element.querySelector(".tabs");
    const tabs = [...strip.querySelectorAll("a")];
    const panels = [...element.children].filter((child) => child.classList.contains("tab-panel"));
    const group = { name: element.dataset.tabs, tabs, panels, ids: tabs.map((tab) => tab.hash.slice(1)) };
    groups.push(group);
    strip.setAttribute("role", "tablist");
    tabs.forEach((tab, at) => {
      const [id, panel] = [group.ids[at], panels[at]];
      tab.id = `tab-${id}`;
      panel.id = `panel-${id}`;
      tab.setAttribute("role", "tab");
      tab.setAttribute("aria-controls", panel.id);
      panel.setAttribute("role", "tabpanel");
      panel.setAttribute("aria-labelledby", tab.id);
      tab.addEventListener("click", (event) => { event.preventDefault(); show(group, at); });
      tab.addEventListener("keydown", (event) => {
        const step = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
        if (step === undefined) return;
        event.preventDefault();
        show(group, (step + tabs.length) % tabs.length, true);
      });
    });
    show(group, Math.max(0, group.ids.indexOf(stored(`tab-${group.name}`))));
    element.dataset.ready = "";
  }
  // A link to a region turns to its tab first.
  const reveal = (hash) => {
    for (const group of groups) {
      const at = group.ids.indexOf(hash.slice(1));
      if (at >= 0) show(group, at);
    }
  };
  addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href^='#']");
    if (link && link.getAttribute("role") !== "tab") reveal(link.hash);
  }, true);
  if (location.hash) reveal(location.hash);

  // Settings. What is not to be asked stands on the root, where the desk reads it.
  const unasked = new Set((stored("unasked") ?? "").split(" ").filter(Boolean));
  const tell = (text) => { const place = document.querySelector("[data-settings-told]"); if (place) place.textContent = text; };
  const mark = () => { root.dataset.unasked = [...unasked].join(" "); };
  mark();
  for (const box of document.querySelectorAll("[data-ask]")) box.checked = !unasked.has(box.dataset.ask);
  for (const box of document.querySelectorAll("[data-setting]")) box.checked = stored(box.dataset.setting) === "on";
  addEventListener("change", async (event) => {
    const box = event.target;
    if (box.dataset?.ask) {
      unasked[box.checked ? "delete" : "add"](box.dataset.ask);
      store("unasked", [...unasked].join(" "));
      mark();
    }
    if (!box.dataset?.setting) return;
    tell("");
    if (box.checked && box.dataset.setting === "notify") {
      const leave = typeof Notification === "undefined" ? "denied" : await Notification.requestPermission();
      if (leave !== "granted") {
        box.checked = false;
        tell("The browser does not allow notifications of this page.");
      }
    }
    store(box.dataset.setting, box.checked ? "on" : "off");
    if (box.checked && box.dataset.setting === "sound") beep();
  });

  // New alerts: the desk marks those that are news, and shows the others without.
  let audio;
  const beep = () => {
    audio ??= new AudioContext();
    const [tone, loudness] = [audio.createOscillator(), audio.createGain()];
    tone.frequency.value = 880;
    loudness.gain.setValueAtTime(0.12, audio.currentTime);
    loudness.gain.exponentialRampToValueAtTime(0.001, audio.currentTime + 0.25);
    tone.connect(loudness).connect(audio.destination);
    tone.start();
    tone.stop(audio.currentTime + 0.25);
  };
  const toasts = document.querySelector("[data-toasts]");
  if (toasts) {
    new MutationObserver((changes) => {
      for (const note of changes.flatMap((change) => [...change.addedNodes])) {
        if (note.nodeType !== Node.ELEMENT_NODE || !note.matches("[data-news]")) continue;
        if (stored("sound") === "on") beep();
        if (stored("notify") === "on" && Notification.permission === "granted") {
          new Notification("Tickwire", { body: note.querySelector("span").textContent });
        }
      }
    }).observe(toasts, { childList: true, subtree: true });
  }

  // The login: its cookies are renewed before it ends, and the desk is handed the token that its socket needs. The server
  // may be away for a moment; a login that it refuses to renew is over.
  const renew = async (tries) => {
    try {
      const answer = await fetch("/api/auth/refresh", { method: "POST", credentials: "same-origin" });
      if (answer.ok) {
        const { access_token: detail } = await answer.json();
        dispatchEvent(new CustomEvent("tickwire-renewed", { detail }));
        return;
      }
      if (answer.status === 401) { location.assign("/login"); return; }
    } catch { /* Not reached: tried again below. */ }
    if (tries > 0) setTimeout(() => renew(tries - 1), 3000);
  };
  addEventListener("tickwire-renew", () => renew(5));
})();
