import { mount } from "svelte";
import Attachments from "./Attachments.svelte";

mount(Attachments, { target: document.querySelector("#application") });
