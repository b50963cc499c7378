//! What a part of the search asks of nodes that are not its own.

use super::node::Request;

/// Requests in the order in which they were made, without those that change nothing.
///
/// Requests of different nodes do not depend on each other, those of one node do: which thread is added for one depends on
/// what was added before.
#[derive(Clone, Debug, Default)]
pub struct Requests {
    /// The requests of each node.
    at: Vec<Vec<Request>>,
    new: Vec<Request>,
}

impl Requests {
    /// Another request.
    pub fn add(&mut self, request: Request) {
        if self.at.len() <= request.depth {
            self.at.resize_with(request.depth + 1, Vec::new);
        }
        let known = &mut self.at[request.depth];
        // Whichever thread is added for the earlier one is among the initials of this one.
        if known.iter().all(|earlier| !earlier.initials.without(request.initials).is_empty()) {
            known.push(request);
            self.new.push(request);
        }
    }

    /// The requests that were added since this was last called.
    pub fn take_new(&mut self) -> impl Iterator<Item = Request> + '_ {
        self.new.drain(..)
    }
}

#[cfg(test)]
mod tests {
    use super::super::clock::Threads;
    use super::*;

    fn request(depth: usize, threads: &[usize]) -> Request {
        let initials = threads.iter().fold(Threads::NONE, |all, &thread| all.or(Threads::one(thread)));
        Request { depth, initials, thread: threads[0] }
    }

    // A request that is dropped wrongly loses executions, one that is kept costs memory in every execution.
    #[test]
    fn a_request_is_dropped_only_where_an_earlier_one_of_its_node_covers_it() {
        let mut requests = Requests::default();
        let kept = [request(3, &[1, 2]), request(3, &[2, 4]), request(2, &[1, 2]), request(3, &[2])];
        let dropped = [request(3, &[2, 1]), request(3, &[1, 2, 5])];
        kept[..1].iter().chain(&dropped).chain(&kept[1..]).for_each(|&request| requests.add(request));
        assert_eq!(requests.take_new().collect::<Vec<_>>(), kept);
        requests.add(kept[0]);
        assert_eq!(requests.take_new().count(), 0);
    }
}
