//! The pages of lwpctl blocks that a process shares with the kernel: `lcproc_t`, `lcpage_t`, `lwpctl_t`.

use std::sync::Arc;

use super::Errno;
use super::unlocked::Unlocked;
use super::vm::Vm;
use crate::fault::{Count, Step, step, times};
use crate::site::Site;
use crate::sync::AtomicUsize;

/// Blocks in a page. Far fewer than a kernel's, so that tests come to the end of a page and of the area; still two words
/// of the bitmap.
pub const LWPCTL_PER_PAGE: usize = 64;
/// Pages in a process' area.
pub const LWPCTL_UAREA_PAGES: usize = 2;

/// `lc_curcpu`: where a process reads, without a system call, on which CPU an LWP is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LcCurcpu {
    /// LWPCTL_CPU_NONE.
    None,
    /// LWPCTL_CPU_EXITED.
    Exited,
    /// A CPU's number.
    Cpu(usize),
}

impl LcCurcpu {
    fn of_word(word: usize) -> LcCurcpu {
        match word {
            NONE => LcCurcpu::None,
            EXITED => LcCurcpu::Exited,
            cpu => LcCurcpu::Cpu(cpu - FIRST_CPU),
        }
    }
}

/// A block of an LWP, in the process' memory: it can be read as long as the area is mapped.
#[derive(Clone, Debug)]
pub struct Lwpctl {
    page: Arc<LcPage>,
    offset: usize,
    lc_curcpu: Arc<AtomicUsize>,
}

const NONE: usize = 0;
const EXITED: usize = 1;
const FIRST_CPU: usize = 2;

impl Lwpctl {
    /// Where the block is: how many blocks the area has before it.
    pub fn uaddr(&self) -> usize {
        self.page.lcp_uaddr() + self.offset
    }

    /// The page that the block is on.
    pub(super) fn page(&self) -> &Arc<LcPage> {
        &self.page
    }

    /// `lc_curcpu`, by a load.
    ///
    /// # Panics
    /// Where the block's page is not mapped any more.
    #[track_caller]
    pub fn lc_curcpu(&self) -> LcCurcpu {
        self.page.touch();
        LcCurcpu::of_word(self.lc_curcpu.load(Site::LcCurcpuLook))
    }

    /// `lc_curcpu`, once no thread runs any more.
    #[cfg(any(loom, shuttle))]
    #[track_caller]
    pub(super) fn curcpu_at_rest(&self) -> LcCurcpu {
        self.page.touch();
        LcCurcpu::of_word(self.lc_curcpu.load_held())
    }

    /// Stores `lc_curcpu`, for the kernel.
    #[track_caller]
    pub(super) fn set_curcpu(&self, curcpu: LcCurcpu) {
        self.page.touch();
        let word = match curcpu {
            LcCurcpu::None => NONE,
            LcCurcpu::Exited => EXITED,
            LcCurcpu::Cpu(cpu) => FIRST_CPU + cpu,
        };
        self.lc_curcpu.store(word, Site::LcCurcpuStore);
    }
}

/// `lcproc_t`: a process' pages. `lp_lock` covers them.
#[derive(Debug, Default)]
pub(super) struct LcProc {
    /// Whether there is an `lp_uao`, mapped into the process.
    lp_uao: bool,
    /// Pages that were mapped so far: `lp_cur`, in pages.
    lp_cur: usize,
    /// The first is searched first.
    lp_pages: Vec<Arc<LcPage>>,
}

impl LcProc {
    /// 1.69.2.6 L1480-1551: a free block, of a new page if there is none on the others.
    ///
    /// `unmap_unwired`: whether a page that cannot be wired is unmapped again.
    pub(super) fn alloc(&mut self, vm: &Vm, unmap_unwired: bool) -> Result<Lwpctl, Errno> {
        if !self.lp_uao {
            vm.uao_create();
            self.lp_cur = 0;
            vm.uvm_map_user().inspect_err(|_| vm.pgo_detach())?;
            self.lp_uao = true;
        }
        let page = match self.lp_pages.iter().find(|page| page.blocks.read(|blocks| blocks.lcp_nfree != 0)) {
            Some(page) => page.clone(),
            None => self.add_page(vm, unmap_unwired)?,
        };
        let (offset, lc_curcpu) = page.blocks.write(Blocks::alloc);
        Ok(Lwpctl { page, offset, lc_curcpu })
    }

    /// L1504-1538.
    fn add_page(&mut self, vm: &Vm, unmap_unwired: bool) -> Result<Arc<LcPage>, Errno> {
        if self.lp_cur == LWPCTL_UAREA_PAGES {
            return Err(Errno::Enomem);
        }
        vm.pgo_reference();
        vm.uvm_map_kernel().inspect_err(|_| vm.pgo_detach())?;
        // As written the reference that the mapping took over is given back, and the mapping stays.
        vm.uvm_map_pageable()
            .inspect_err(|_| if unmap_unwired { vm.uvm_unmap_kernel() } else { vm.pgo_detach() })?;
        let page = Arc::new(LcPage::new(self.lp_cur * LWPCTL_PER_PAGE));
        self.lp_cur += 1;
        self.lp_pages.insert(0, page.clone());
        Ok(page)
    }

    /// L1577-1585: gives a block back. Its page goes first where the first has none left.
    pub(super) fn free(&mut self, block: &Lwpctl) {
        block.page.blocks.write(|blocks| blocks.free(block.offset));
        if self.lp_pages[0].blocks.read(|blocks| blocks.lcp_nfree == 0) {
            self.lp_pages.retain(|page| !Arc::ptr_eq(page, &block.page));
            self.lp_pages.insert(0, block.page.clone());
        }
    }

    /// How many blocks are in use.
    #[cfg(any(loom, shuttle))]
    pub(super) fn used(&self) -> usize {
        let used = |page: &Arc<LcPage>| page.blocks.read(|blocks| LWPCTL_PER_PAGE - blocks.lcp_nfree);
        self.lp_pages.iter().map(used).sum()
    }

    /// How many pages there are.
    #[cfg(any(loom, shuttle))]
    pub(super) fn pages(&self) -> isize {
        self.lp_pages.len().cast_signed()
    }

    /// Whether the area is mapped into the process.
    #[cfg(any(loom, shuttle))]
    pub(super) fn is_mapped(&self) -> bool {
        self.lp_uao
    }

    /// L1609-1619: unmaps and frees all of it.
    pub(super) fn tear_down(self, vm: &Vm) {
        for page in &self.lp_pages {
            vm.uvm_unmap_kernel();
            page.free();
        }
        if self.lp_uao {
            vm.uvm_unmap_user();
        }
    }
}

/// `lcpage_t`: a page of blocks.
#[derive(Debug)]
pub(super) struct LcPage {
    lcp_uaddr: usize,
    blocks: Unlocked<Blocks>,
    /// Whether the memory is somebody else's by now. Reading it is using the memory.
    freed: Unlocked<bool>,
}

impl LcPage {
    #[track_caller]
    fn new(lcp_uaddr: usize) -> LcPage {
        LcPage { lcp_uaddr, blocks: Unlocked::new(Blocks::new()), freed: Unlocked::new(false) }
    }

    /// Where the process has the page: stable.
    #[track_caller]
    pub(super) fn lcp_uaddr(&self) -> usize {
        self.touch();
        self.lcp_uaddr
    }

    #[track_caller]
    fn free(&self) {
        self.touch();
        self.freed.write(|freed| *freed = true);
    }

    #[track_caller]
    fn touch(&self) {
        assert!(!self.freed.read(|freed| *freed), "a page of lwpctl blocks is used after it was freed");
    }
}

/// What of a page `lp_lock` covers.
#[derive(Debug)]
struct Blocks {
    lcp_nfree: usize,
    /// The word of the bitmap where the search starts.
    lcp_rotor: usize,
    /// A bit is set where the block is free.
    lcp_bitmap: [u32; LWPCTL_PER_PAGE / u32::BITS as usize],
    /// The blocks themselves, each from its first use on.
    words: [Option<Arc<AtomicUsize>>; LWPCTL_PER_PAGE],
}

impl Blocks {
    fn new() -> Blocks {
        Blocks {
            lcp_nfree: LWPCTL_PER_PAGE,
            lcp_rotor: 0,
            lcp_bitmap: [u32::MAX; LWPCTL_PER_PAGE / u32::BITS as usize],
            words: [const { None }; LWPCTL_PER_PAGE],
        }
    }

    /// L1540-1549. A page with a free block has a bit set.
    #[track_caller]
    fn alloc(&mut self) -> (usize, Arc<AtomicUsize>) {
        let mut i = self.lcp_rotor;
        while self.lcp_bitmap[i] == 0 {
            i = (i + 1) % self.lcp_bitmap.len();
        }
        let bit = self.lcp_bitmap[i].trailing_zeros() as usize;
        step(Step::LcpBitmapAlloc, || self.lcp_bitmap[i] ^= 1 << bit);
        self.lcp_rotor = i;
        self.lcp_nfree = self.lcp_nfree.wrapping_sub(times(Count::LcpNfreeAlloc));
        let offset = i * u32::BITS as usize + bit;
        self.check();
        let word = self.words[offset].get_or_insert_with(|| Arc::new(AtomicUsize::new(NONE)));
        (offset, word.clone())
    }

    /// L1577-1581.
    fn free(&mut self, offset: usize) {
        self.lcp_nfree = self.lcp_nfree.wrapping_add(times(Count::LcpNfreeFree));
        let map = offset / u32::BITS as usize;
        step(Step::LcpBitmapFree, || self.lcp_bitmap[map] |= 1 << (offset % u32::BITS as usize));
        if self.lcp_bitmap[self.lcp_rotor] == 0 {
            self.lcp_rotor = map;
        }
        self.check();
    }

    /// Counts the free blocks anew.
    #[track_caller]
    fn check(&self) {
        if cfg!(any(loom, shuttle, debug_assertions)) {
            let free: u32 = self.lcp_bitmap.iter().map(|map| map.count_ones()).sum();
            assert_eq!(self.lcp_nfree, free as usize, "lcp_nfree is not the number of free blocks");
        }
    }
}
