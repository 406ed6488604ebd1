/* SPDX-License-Identifier: Apache-2.0 */
/* The program: everything between main() and the modules. */
#ifndef SAKER_APP_APP_H
#define SAKER_APP_APP_H

int app_main(int argc, char **argv);

#endif
