// Sends a form once its files are stored: their keys are among its fields.

const [form, uploader, output] = document.querySelectorAll("form, oss-upload, output");

uploader.addEventListener("failed", ({ detail: { upload } }) => {
    output.textContent = `${upload.name}: ${upload.fault.code}`;
});

form.onsubmit = (event) => {
    event.preventDefault();
    output.textContent = new FormData(form).getAll("attachments").join(" ");
};
