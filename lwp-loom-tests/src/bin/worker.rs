//! Explores the programs that it reads from standard input, one JSON [`Job`](lwp_loom_tests::job::Job) a line, and
//! answers each with one JSON [`Finding`](lwp_loom_tests::job::Finding) a line. After a failure it is gone: loom
//! cannot be trusted to unwind.

fn main() -> std::process::ExitCode {
    lwp_loom_tests::worker::serve()
}
