/** What is known of each host, as data: its dialect, address, sign-in, and where it departs from the dialect. */
export { PROVIDER_PROFILES, profileFor } from './profile-for.js';
