/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The stage program as data; made before this is assembled. */
    /* a section of its own lies behind the other data, which is looked at all the time */
    .section .stage, "a", %progbits
    .balign 16
    .globl dray_stage_image
    .globl dray_stage_image_end
dray_stage_image:
    .incbin "src/stage/dray-stage"
dray_stage_image_end:
    .byte 0
    .section .note.GNU-stack, "", %progbits
