import { createApp } from "vue";
import Attachments from "./Attachments.vue";

createApp(Attachments).mount("#application");
