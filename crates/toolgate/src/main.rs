//! The toolgate program: hands the command line to the library and its exit code to the caller.

fn main() -> std::process::ExitCode {
    toolgate::cli::main()
}
