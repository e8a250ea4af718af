/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the kernel's slab caches hold, by their names in Linux 2.6.32 to 6.18.  The kernel merges
 * caches of one shape under one of their names (mm/slab_common.c, find_mergeable()), so a small
 * one may hold more than it is called after.  Dentries and inodes are never merged: they are
 * copied to user space or have constructors.
 */
#include "model/hostmem.h"

enum match { IS, BEGINS };

static const struct {
    enum match match;
    const char *name;
    const char *meaning;
} known[] = {
    {IS, "dentry", "names of files looked up"},
    {IS, "inode_cache", "inodes of small file systems"},
    {IS, "shmem_inode_cache", "inodes of tmpfs"},
    {IS, "sock_inode_cache", "sockets"},
    {IS, "xfs_inode", "inodes of xfs"},
    {IS, "btrfs_inode", "inodes of btrfs"},
    {IS, "bcachefs_inode", "inodes of bcachefs"},
    {IS, "fuse_inode", "inodes of FUSE"},
    {IS, "ovl_inode", "inodes of overlayfs"},
    {IS, "xfs_ili", "changed inodes of xfs"},
    {IS, "xfs_buf", "metadata blocks of xfs"},
    {IS, "ext4_extent_status", "extents of ext4 files"},
    {IS, "extent_status", "extents of ext4 files"},
    {IS, "extent_buffer", "metadata blocks of btrfs"},
    {IS, "btrfs_extent_buffer", "metadata blocks of btrfs"},
    {IS, "buffer_head", "disk blocks in the page cache"},
    {IS, "radix_tree_node", "index of the page cache"},
    {IS, "xarray_node", "index of the page cache"},
    {IS, "kernfs_node_cache", "entries of sysfs and cgroups"},
    {IS, "proc_dir_entry", "entries of /proc"},
    {BEGINS, "lsm_", "security labels"},
    {BEGINS, "selinux_", "security labels"},
    {IS, "avc_node", "decisions of SELinux"},
    {IS, "filp", "open files"},
    {IS, "file_lock_cache", "locks on files"},
    {IS, "names_cache", "path names in use"},
    {BEGINS, "fsnotify_mark", "watched files (inotify)"},
    {BEGINS, "inotify_", "watched files (inotify)"},
    {IS, "dnotify_mark", "watched directories"},
    {BEGINS, "eventpoll_", "files watched by epoll"},
    {IS, "vm_area_struct", "mappings of processes"},
    {IS, "vma_lock", "mappings of processes"},
    {IS, "maple_node", "mappings of processes"},
    {BEGINS, "anon_vma", "mappings of processes"},
    {IS, "mm_struct", "address spaces"},
    {IS, "task_struct", "threads"},
    {IS, "signal_cache", "processes"},
    {IS, "sighand_cache", "processes"},
    {IS, "files_cache", "tables of open files"},
    {IS, "pid", "process numbers"},
    {IS, "cred_jar", "users and rights of processes"},
    {BEGINS, "skbuff_", "network packets"},
    {BEGINS, "TCP", "TCP sockets"},
    {BEGINS, "tw_sock_TCP", "TCP connections that ended"},
    {BEGINS, "request_sock_TCP", "TCP connections that begin"},
    {BEGINS, "UDP", "UDP sockets"},
    {BEGINS, "UNIX", "Unix sockets"},
    {BEGINS, "nf_conntrack", "tracked network connections"},
    {BEGINS, "ip_dst_cache", "network routes"},
    {BEGINS, "ip6_dst_cache", "network routes"},
    {IS, "neighbour", "network neighbours"},
    {BEGINS, "net_namespace", "network namespaces"},
    {BEGINS, "dm_", "device mapper"},
    {BEGINS, "bio", "disk requests"},
    {BEGINS, "blkdev_", "disk requests"},
    {BEGINS, "nfsd", "NFS server"},
    {BEGINS, "nfs4_", "NFS server"},
    {BEGINS, "kvm_", "virtual machines"},
    {BEGINS, "x86_emulator", "virtual machines"},
    {BEGINS, "zspage", "compressed memory"},
    {BEGINS, "zs_handle", "compressed memory"},
    {BEGINS, "arc_", "cache of ZFS"},
    {BEGINS, "abd_", "cache of ZFS"},
    {BEGINS, "dmu_", "cache of ZFS"},
    {BEGINS, "dnode_", "cache of ZFS"},
    {BEGINS, "zio_", "cache of ZFS"},
    {BEGINS, "Acpi-", "ACPI tables"},
    {BEGINS, "kmalloc-rcl-", "reclaimable objects"},
    {BEGINS, "kmalloc-cg-", "objects of cgroups"},
    {BEGINS, "dma-kmalloc-", "buffers of old devices"},
    {BEGINS, "kmalloc-", "objects of any kind"},
    {BEGINS, "size-", "objects of any kind"}, /* the SLAB allocator before 3.x */
};

const char *slab_meaning(struct arena *arena, struct str name)
{
    static const char suffix[] = "_inode_cache";

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        struct str pattern = str_of(known[i].name);

        if (known[i].match == IS ? str_eq(name, pattern) : str_starts(name, pattern))
            return known[i].meaning;
    }
    if (!str_ends(name, STR(suffix)) || name.n == sizeof(suffix) - 1)
        return NULL;
    return arena_printf(arena, "inodes of %.*s", (int)(name.n - (sizeof(suffix) - 1)), name.p);
}

/*
 * Made with SLAB_RECLAIM_ACCOUNT in Linux 2.6.32 to 6.18.  Those of file systems without a disk
 * behind them are not: nothing could be read again (shmem, hugetlbfs, mqueue); nor is what hangs
 * on inodes (lsm, selinux).
 */
static const char *const reclaimable[] = {
    "dentry",
    "inode_cache",
    "bdev_cache",
    "proc_inode_cache",
    "sock_inode_cache",
    "debugfs_inode_cache",
    "tracefs_inode_cache",
    "dax_cache",
    "dquot",
    "buffer_head",
    "radix_tree_node",
    "mbcache",
    "mb_cache_entry",
    "ext2_inode_cache",
    "ext3_inode_cache",
    "ext4_inode_cache",
    "ext4_extent_status",
    "extent_status",
    "ext4_pending_reservation",
    "pending_reservation",
    "ext4_free_data",
    "ext4_allocation_context",
    "ext4_groupinfo_4k",
    "ext4_io_end",
    "ext4_prealloc_space",
    "jbd2_journal_handle",
    "jbd2_journal_head",
    "jbd2_revoke_record_s",
    "jbd2_revoke_table_s",
    "xfs_inode",
    "xfs_ili",
    "xfs_buf",
    "btrfs_inode",
    "btrfs_inode_cache",
    "btrfs_trans_handle",
    "bcachefs_inode",
    "f2fs_inode_cache",
    "nilfs2_inode_cache",
    "jfs_ip",
    "reiser_inode_cache",
    "gfs2_inode",
    "gfs2_glock",
    "ocfs2_inode_cache",
    "fat_inode_cache",
    "fat_cache",
    "exfat_inode_cache",
    "ntfs_inode_cache",
    "ntfs_big_inode_cache",
    "ntfs3_inode_cache",
    "hfs_inode_cache",
    "hfsplus_icache",
    "isofs_inode_cache",
    "udf_inode_cache",
    "squashfs_inode_cache",
    "erofs_inode",
    "ubifs_inode_slab",
    "jffs2_i",
    "ovl_inode",
    "fuse_inode",
    "ecryptfs_inode_cache",
    "nfs_inode_cache",
    "nfs_direct_cache",
    "rpc_inode_cache",
    "cifs_inode_cache",
    "ceph_inode_info",
    "ceph_dentry_info",
    "v9fs_inode_cache",
    "afs_inode_cache",
    "orangefs_inode_cache",
    "fscrypt_info",
    "fscrypt_inode_info",
};

bool slab_is_reclaimable(struct str name)
{
    for (size_t i = 0; i < sizeof(reclaimable) / sizeof(reclaimable[0]); i++)
        if (str_eq(name, str_of(reclaimable[i])))
            return true;
    return str_starts(name, STR("kmalloc-rcl-"));
}
