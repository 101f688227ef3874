// Menus close like menus: by a press elsewhere, and by Escape, which gives the focus back.
export function listenForMenus() {
  const open = () => document.querySelectorAll("details.menu[open]");
  document.addEventListener("pointerdown", (event) => {
    for (const menu of open()) if (!menu.contains(event.target)) menu.open = false;
  });
  document.addEventListener(
    "keydown",
    (event) => {
      if (event.key !== "Escape") return;
      const menus = open();
      if (!menus.length) return;
      event.stopPropagation();
      event.preventDefault();
      for (const menu of menus) {
        menu.open = false;
        menu.querySelector("summary").focus({ preventScroll: true });
      }
    },
    true,
  );
}
