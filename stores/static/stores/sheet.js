/** The print button, and the look changing at a tap; without this script "Show" and the browser's menu do. */
const print = document.getElementById("print");
print.hidden = false;
print.addEventListener("click", () => window.print());
for (const input of document.querySelectorAll("input[name=variant]"))
  input.addEventListener("change", () => input.form.requestSubmit());
