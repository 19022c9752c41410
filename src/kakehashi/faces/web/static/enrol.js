// Registers a passkey: asks the browser to make one and posts its answer. Without support the form stays hidden.
const form = document.getElementById("new-passkey");
if (form && window.PublicKeyCredential?.parseCreationOptionsFromJSON) {
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const said = form.querySelector("[role=alert]");
    said.textContent = "";
    try {
      const body = new URLSearchParams({ csrf: form.elements.csrf.value });
      const asked = await fetch("/account/passkeys/options", { method: "POST", body });
      if (!asked.ok) throw new Error("refused");
      const options = PublicKeyCredential.parseCreationOptionsFromJSON(await asked.json());
      const made = await navigator.credentials.create({ publicKey: options });
      form.elements.answer.value = JSON.stringify(made.toJSON());
      form.submit();
    } catch {
      said.textContent = "登録できませんでした。本人確認（二つ目の要素）を行ってから、もう一度お試しください。 Not registered. Prove your second factor, then try again.";
    }
  });
}
