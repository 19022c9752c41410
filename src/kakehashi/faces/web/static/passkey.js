// Sign-in by passkey: asks the browser for one and posts its answer. Without support the button stays hidden.
const form = document.getElementById("passkey");
if (form && window.PublicKeyCredential?.parseRequestOptionsFromJSON) {
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const said = form.querySelector("[role=alert]");
    said.textContent = "";
    try {
      const body = new URLSearchParams({ csrf: form.elements.csrf.value });
      const asked = await fetch("/signin/passkey/options", { method: "POST", body });
      const options = PublicKeyCredential.parseRequestOptionsFromJSON(await asked.json());
      const answer = await navigator.credentials.get({ publicKey: options });
      form.elements[form.dataset.answer || "answer"].value = JSON.stringify(answer.toJSON());
      form.submit();
    } catch {
      said.textContent = "パスキーを使えませんでした。パスワードでサインインしてください。 The passkey could not be used.";
    }
  });
}
