// A queue's next image is fetched ahead, page and picture, so that it is shown as soon as a verdict
// or a skip is sent. What was sent may still fail: then the image before comes back, with what was
// written, and says so. The page of the answer says what is saved, and what comes next.
import { refuse } from "./failures.js";

const RENEW_MS = 120_000;

function parsed(html) {
  return new DOMParser().parseFromString(html, "text/html").getElementById("main");
}

function show(old, main, url) {
  old.replaceWith(main);
  window.history.pushState({ htmx: true }, "", url);
  window.htmx.process(main);
  document.dispatchEvent(new CustomEvent("htmx:after:swap", { detail: { ctx: { target: main } } }));
}

// What the answer says around the image: progress, ways back, notices, and the next to fetch.
function update(main, answer) {
  for (const part of [".judge-head", ".ahead"]) {
    const found = answer.querySelector(part);
    const place = main.querySelector(part);
    if (place && found) place.replaceWith(found);
    else if (found) main.querySelector(".judge-picture").append(found);
    else if (part === ".ahead") place?.remove();
    if (found) window.htmx.process(found);
  }
  main.dataset.next = answer.dataset.next ?? "";
}

class Ahead {
  constructor(main) {
    this.main = main;
    this.page = null;
    main.addEventListener("submit", (event) => this.send(event), true);
    this.fetch();
    this.keepTurn();
  }

  async fetch() {
    const url = this.main.dataset.next;
    if (!url || !window.htmx) return;
    try {
      const answer = await fetch(url, { headers: { "HX-Request": "true" } });
      const page = answer.ok ? parsed(await answer.text()) : null;
      const picture = page?.querySelector("[data-part=picture]");
      if (!picture) return;
      page.dataset.ahead = "yes";
      page.dataset.next = ""; // as of now that is the image that is judged first; the answer says
      const image = new Image();
      image.src = picture.src;
      await image.decode();
      if (this.main.dataset.next === url) this.page = { url, main: document.adoptNode(page) };
    } catch {
      // Without it the next image is loaded when it is asked for.
    }
  }

  async send(event) {
    const form = event.target;
    if (this.main.dataset.ahead) return this.wait(event);
    if (!form.matches("[data-turn]") || !this.page) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const { url, main } = this.page;
    this.page = null;
    const here = window.location.href;
    const body = new FormData(form, event.submitter);
    show(this.main, main, url);
    try {
      const answer = await fetch(form.action, { method: "POST", body, headers: { "HX-Request": "true" } });
      const text = await answer.text();
      if (!answer.ok) return this.comeBack(main, here, () => refuse(form, text, answer.status));
      const there = new URL(answer.url);
      const page = parsed(text);
      if (there.pathname !== new URL(url, document.baseURI).pathname) {
        show(document.getElementById("main"), document.adoptNode(page), there.href);
        return;
      }
      update(main, page);
      delete main.dataset.ahead;
      main.dispatchEvent(new CustomEvent("answered"));
    } catch {
      this.comeBack(main, here, () => refuse(form));
    }
  }

  // One is sent after the other: the server gives the next image by what it knows of the last.
  wait(event) {
    event.preventDefault();
    event.stopImmediatePropagation();
    const { target: form, submitter } = event;
    const action = form.getAttribute("action");
    this.main.addEventListener("answered", () => {
      form.removeAttribute("aria-busy");
      if (form.isConnected) form.requestSubmit(submitter);
      // The head of the page is another one by now.
      else [...this.main.querySelectorAll("form")].find((each) => each.getAttribute("action") === action)?.requestSubmit();
    }, { once: true });
  }

  comeBack(main, here, say) {
    document.getElementById("main").replaceWith(this.main);
    window.history.replaceState({ htmx: true }, "", here);
    for (const form of this.main.querySelectorAll("form")) form.removeAttribute("aria-busy");
    main.removeAttribute("aria-busy");
    this.fetch();
    say();
  }

  // The turn at an image lasts while somebody works at it.
  keepTurn() {
    let active = false;
    const stir = () => (active = true);
    const renew = () => {
      if (!this.main.isConnected) {
        clearInterval(timer);
        for (const kind of ["keydown", "pointermove"]) document.removeEventListener(kind, stir);
        return;
      }
      if (!active || !this.main.dataset.lease) return;
      active = false;
      const body = new FormData();
      body.set("csrf_token", this.main.querySelector("[name=csrf_token]").value);
      fetch(this.main.dataset.lease, { method: "POST", body }).catch(() => {});
    };
    const timer = setInterval(renew, RENEW_MS);
    for (const kind of ["keydown", "pointermove"]) document.addEventListener(kind, stir);
  }
}

export function ahead(main) {
  const found = new Ahead(main);
  main.addEventListener("answered", () => found.fetch());
}
