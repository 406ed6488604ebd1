/* SPDX-License-Identifier: Apache-2.0 */
/* `saker driver ...`: looks after the drivers of this machine, or of another kernel. */
#ifndef SAKER_APP_DRIVER_CMD_H
#define SAKER_APP_DRIVER_CMD_H

/* argv[0] is "driver".  Returns the status of the program. */
int driver_cmd(int argc, char **argv);

#endif
