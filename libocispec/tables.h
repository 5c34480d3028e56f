/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tables that one table file has for another. */
#ifndef OCISPEC_TABLES_H
#define OCISPEC_TABLES_H

#include "ocispec/ocispec.h"

extern const struct oci_table oci_id_mapping_table;
extern const struct oci_table oci_linux_table;
extern const struct oci_table oci_vm_table;
extern const struct oci_table oci_solaris_table;
extern const struct oci_table oci_windows_table;
extern const struct oci_table oci_zos_table;
extern const struct oci_table oci_freebsd_table;

#endif
