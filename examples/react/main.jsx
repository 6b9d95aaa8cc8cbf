// React 19 listens to events of custom elements by their names. Replace ADDRESS with the function's address.

import "oss-direct-upload/element";
import { StrictMode, useState } from "react";
import { createRoot } from "react-dom/client";

function Attachments() {
    const [keys, setKeys] = useState([]);
    return (
        <>
            <oss-upload function="ADDRESS" onstored={({ detail }) => setKeys((all) => [...all, detail.upload.key])} />
            <output>{keys.join(" ")}</output>
        </>
    );
}

createRoot(document.querySelector("#application")).render(
    <StrictMode>
        <Attachments />
    </StrictMode>,
);
