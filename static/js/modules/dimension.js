// Which dimension the map shows: by the select or by a row of the score's breakdown. Nothing is
// loaded but the map; address, links and forms of the page carry the choice on.

function withDimension(address, dimension) {
  const url = new URL(address, document.baseURI);
  if (dimension === "") url.searchParams.delete("dimension");
  else url.searchParams.set("dimension", dimension);
  return url;
}

function carry(page, dimension) {
  const here = withDimension(window.location.href, dimension);
  history.replaceState(history.state, "", here);
  for (const name of ["href", "action", "hx-post"]) {
    for (const element of page.querySelectorAll(`[${name}*="/c/"]:not([data-dimension], .version-score a)`)) {
      const url = withDimension(element.getAttribute(name), dimension);
      if (url.origin === here.origin) element.setAttribute(name, url.pathname + url.search + url.hash);
    }
  }
}

export function chooseDimensions(page, select, show) {
  const choose = (dimension) => {
    select.value = dimension;
    for (const link of page.querySelectorAll("a[data-dimension]")) {
      if (link.dataset.dimension === dimension) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
    show(dimension);
  };
  const chosen = (dimension) => {
    carry(page, dimension);
    choose(dimension);
  };
  select.addEventListener("change", () => chosen(select.value));
  page.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[data-dimension]");
    if (!link || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    chosen(link.dataset.dimension);
  });
  // Forms that go to this page's address by their fields carry the choice too.
  page.addEventListener("formdata", (event) => {
    if (event.target.method === "get") event.formData.set("dimension", select.value);
  });
  choose(select.value);
}
