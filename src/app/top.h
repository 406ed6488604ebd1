/* SPDX-License-Identifier: Apache-2.0 */
/* `saker top`: what the running sensor does, live. */
#ifndef SAKER_APP_TOP_H
#define SAKER_APP_TOP_H

/* argv[0] is "top".  Returns the status of the program. */
int top_main(int argc, char **argv);

#endif
