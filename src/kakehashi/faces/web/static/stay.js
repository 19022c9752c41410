// Warns two minutes before a session ends for want of use, and keeps it open with one press (WCAG 2.2.1).
const stay = document.getElementById("stay");
if (stay) {
  const warn = (Number(stay.dataset.idle) - 120) * 1000;
  let before = null;
  let timer = 0;
  const wait = () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      before = document.activeElement;
      stay.hidden = false;
      stay.querySelector("button").focus();
    }, warn);
  };
  stay.querySelector("button").addEventListener("click", async () => {
    const answer = await fetch("/account", { credentials: "same-origin" });
    if (answer.redirected) location.reload();
    stay.hidden = true;
    before?.focus();
    wait();
  });
  wait();
}
