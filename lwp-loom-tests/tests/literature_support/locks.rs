//! Programs over locks, taken and tried.

use super::{Program, Shared};

/// `n` put four entries each into a table of 128 with a lock an entry, from the twelfth on into each other's way.
pub fn indexer(n: usize) -> Program {
    const SIZE: usize = 128;
    Program::new(vec![0; SIZE]).locks(SIZE).threads(n, |s, k| {
        for message in (1..=4).map(|m| m * 11 + k) {
            let mut entry = message * 7 % SIZE;
            while !put(s, entry, message) {
                entry = (entry + 1) % SIZE;
            }
        }
    })
}

fn put(s: &Shared, entry: usize, message: usize) -> bool {
    s.lock(entry);
    let free = s.load(entry) == 0;
    if free {
        s.store(entry, message);
    }
    s.unlock(entry);
    free
}

/// `n` allocate a block of 26 for an inode of 32 each, from the fourteenth on the blocks of others.
pub fn filesystem(n: usize) -> Program {
    const INODES: usize = 32;
    const BLOCKS: usize = 26;
    Program::new(vec![0; INODES + BLOCKS]).locks(INODES + BLOCKS).threads(n, |s, k| {
        let inode = k % INODES;
        s.lock(inode);
        if s.load(inode) == 0 {
            let mut block = inode * 2 % BLOCKS;
            while !allocate(s, INODES + block, inode, block + 1) {
                block = (block + 1) % BLOCKS;
            }
        }
        s.unlock(inode);
    })
}

fn allocate(s: &Shared, block: usize, inode: usize, number: usize) -> bool {
    s.lock(block);
    let free = s.load(block) == 0;
    if free {
        s.store(block, 1);
        s.store(inode, number);
    }
    s.unlock(block);
    free
}

/// Adds to a word, under the lock.
fn add(s: &Shared) {
    let before = s.load(0);
    s.store(0, before + 1);
}

/// `n` add to a word under a lock.
pub fn mutex_order(n: usize) -> Program {
    Program::new(vec![0]).locks(1).threads(n, |s, _| {
        s.lock(0);
        add(s);
        s.unlock(0);
    })
}

/// `n` take a lock and keep it.
pub fn mutex_deadlock(n: usize) -> Program {
    Program::new(vec![0]).locks(1).threads(n, |s, _| {
        s.lock(0);
        add(s);
    })
}

fn try_to_add(s: &Shared, _: usize) {
    if s.try_lock(0) {
        add(s);
        s.unlock(0);
    }
}

/// `n` try a lock, and add to a word where they have it.
pub fn trylock(n: usize) -> Program {
    Program::new(vec![0]).locks(1).threads(n, try_to_add)
}

/// The same, and one more waits for the lock.
pub fn lock_and_trylock(n: usize) -> Program {
    Program::new(vec![0]).locks(1).threads(n, try_to_add).thread(|s| {
        s.lock(0);
        add(s);
        s.unlock(0);
    })
}
