/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Not a fixture: the smallest library with text, constants, data and bss, for link layouts that no
 * library here has.
 */
int sample_data = 1;
int sample_bss[4096];
extern const int sample_constant;
const int sample_constant = 2;

int sample_text(void);

int sample_text(void)
{
    return sample_data + sample_bss[0] + sample_constant;
}
