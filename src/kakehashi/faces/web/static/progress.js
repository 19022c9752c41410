// Keeps the state of a check that is under way up to date. Without script the page's own link does.
const again = async () => {
  const here = document.getElementById("progress");
  const answer = await fetch(location.pathname, { headers: { accept: "text/html" } });
  const there = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("progress");
  if (!there) return;
  if (here.innerHTML !== there.innerHTML) here.innerHTML = there.innerHTML;
  if (there.dataset.underWay === "yes") setTimeout(again, 2000);
};
setTimeout(again, 2000);
