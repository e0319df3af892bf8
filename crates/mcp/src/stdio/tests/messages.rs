//! Tests of lines written to and read from servers, and of standard error.

use super::{line, patient, python, shell, spec, status, ticks, within};
use crate::http::{Progress, Written};
use crate::stdio::{Environment, Exit, Settings, Writer, spawn};

async fn write(writer: &Writer, message: &str) -> Written {
    let progress = Progress::new();
    within(writer.write(message.as_bytes().to_vec(), &progress)).await.unwrap();
    progress.written()
}

#[tokio::test]
async fn messages_go_in_and_come_out_line_by_line() {
    let mut spawned = shell("cat");
    for n in 0..100_u64 {
        let message = format!("{{\"id\":{n}}}");
        let written = write(&spawned.writer, &message).await;
        let n_bytes = message.len() as u64 + 1;
        // Two readings of the clock for each line: when it was begun and when it was written.
        assert_eq!(written, Written::Some { bytes: n_bytes, last_ms: 2 * n + 2 });
        assert_eq!(line(&mut spawned.reader).await, Some(message));
    }
    assert_eq!(spawned.process.exit(), None);
    assert_eq!(within(spawned.process.shut_down(&patient())).await, Exit::Status(0));
}

#[tokio::test]
async fn many_writers_never_mix_their_lines() {
    let mut spawned = shell("cat");
    let mut expected = Vec::new();
    for n in 0..64 {
        let writer = spawned.writer.clone();
        let message = format!("{n}:{}", "x".repeat(n * 500));
        expected.push(message.clone());
        tokio::spawn(async move { writer.write(message.into_bytes(), &Progress::new()).await.unwrap() });
    }
    let mut got = Vec::new();
    for _ in 0..64 {
        got.push(line(&mut spawned.reader).await.unwrap());
    }
    expected.sort();
    got.sort();
    assert_eq!(got, expected);
}

#[tokio::test]
async fn a_message_with_a_line_break_is_refused() {
    let mut spawned = shell("cat");
    for message in ["a\nb", "a\n", "a\rb", "\n"] {
        let progress = Progress::new();
        let error = within(spawned.writer.write(message.into(), &progress)).await.unwrap_err();
        assert_eq!((error.written, progress.written()), (Written::Nothing, Written::Nothing), "{message:?}");
        assert!(error.to_string().contains("line break"), "{error}");
    }
    write(&spawned.writer, "ok").await;
    assert_eq!(line(&mut spawned.reader).await.as_deref(), Some("ok"));
}

#[tokio::test]
async fn a_large_message_is_written_whole() {
    let mut spawned = shell("cat");
    let message = "x".repeat(5 << 20);
    let (written, got) = tokio::join!(write(&spawned.writer, &message), line(&mut spawned.reader));
    assert!(matches!(written, Written::Some { bytes, .. } if bytes == message.len() as u64 + 1));
    assert!(got == Some(message), "the line comes back as it went in");
}

#[tokio::test]
async fn a_closed_input_means_nothing_written() {
    let mut spawned = shell("exec <&-; echo closed; read x <&1");
    assert_eq!(line(&mut spawned.reader).await.as_deref(), Some("closed"));
    for _ in 0..2 {
        let progress = Progress::new();
        let error = within(spawned.writer.write("x".into(), &progress)).await.unwrap_err();
        assert_eq!((error.written, progress.written()), (Written::Nothing, Written::Nothing), "{error}");
    }
}

#[tokio::test]
async fn a_line_that_was_cut_tells_how_much_was_written() {
    let mut spawned = python("import os; os.read(0, 10); os.close(0); print('closed', flush=True); input()");
    let progress = Progress::new();
    let message = vec![b'x'; 1 << 20];
    let (result, said) = tokio::join!(spawned.writer.write(message, &progress), line(&mut spawned.reader));
    assert_eq!(said.as_deref(), Some("closed"));
    let error = result.unwrap_err();
    assert_eq!(error.written, progress.written());
    assert!(matches!(error.written, Written::Some { bytes: 10..=0xF_FFFF, .. }), "{error:?}");
}

#[tokio::test]
async fn a_message_is_withdrawn_or_written_whole_when_its_caller_goes() {
    let mut spawned = python(
        "import sys\nsys.stdin.readline()\nprint('go', flush=True)\nfor l in sys.stdin: print(len(l), flush=True)",
    );
    // More than a pipe holds: it is begun, and stays so until the server reads on.
    let begun = Progress::new();
    let withdrawn = Progress::new();
    {
        let first = spawned.writer.write(vec![b'a'; 1 << 20], &begun);
        let second = spawned.writer.write(vec![b'b'; 10], &withdrawn);
        tokio::pin!(first, second);
        let begun_writing = std::future::poll_fn(|cx| {
            assert!(first.as_mut().poll(cx).is_pending());
            assert!(second.as_mut().poll(cx).is_pending());
            match begun.written() {
                Written::Some { bytes: 1.., .. } => std::task::Poll::Ready(()),
                Written::Some { bytes: 0, .. } | Written::Nothing => {
                    cx.waker().wake_by_ref();
                    std::task::Poll::Pending
                }
            }
        });
        within(begun_writing).await;
    }
    assert_eq!(withdrawn.written(), Written::Nothing);
    write(&spawned.writer, "last").await;
    assert_eq!(line(&mut spawned.reader).await.as_deref(), Some("go"));
    assert_eq!(
        line(&mut spawned.reader).await.as_deref(),
        Some("5"),
        "nothing stands between first and last"
    );
    assert!(matches!(begun.written(), Written::Some { bytes, .. } if bytes == (1 << 20) + 1), "{begun:?}");
    assert_eq!(withdrawn.written(), Written::Nothing);
}

#[tokio::test]
async fn lines_that_are_too_long_are_dropped_and_reading_goes_on() {
    let script = "import sys\nw = sys.stdout.write\nw('a\\n')\nw('x' * (17 << 20) + '\\n')\nw('b\\r\\n\\n')\nw('\\xe4\\n')\n\
                  w('y' * (16 << 20) + '\\n')\nw('end')";
    let mut spec = spec("python3", &["-c", script]);
    spec.env = Environment::Base(vec![("PYTHONIOENCODING".into(), "latin-1".into())]);
    let mut spawned = spawn(&spec, &Settings::default(), ticks()).unwrap();
    assert_eq!(line(&mut spawned.reader).await.as_deref(), Some("a"));
    assert_eq!(spawned.reader.n_dropped(), 0);
    assert_eq!(line(&mut spawned.reader).await.as_deref(), Some("b"));
    assert_eq!(spawned.reader.n_dropped(), 1);
    assert_eq!(within(spawned.reader.next_line()).await.unwrap(), Some(vec![0xE4]), "not judged here");
    assert_eq!(line(&mut spawned.reader).await.map(|line| line.len()), Some(16 << 20));
    assert_eq!(line(&mut spawned.reader).await.as_deref(), Some("end"));
    assert_eq!(line(&mut spawned.reader).await, None);
    assert_eq!(line(&mut spawned.reader).await, None, "the end is the end");
}

#[tokio::test]
async fn waiting_for_a_line_can_be_given_up_and_taken_up_again() {
    let mut spawned = shell("printf half; read x; echo \" and $x\"");
    let progress = Progress::new();
    for _ in 0..3 {
        tokio::select! {
            biased;
            line = spawned.reader.next_line() => panic!("{line:?}"),
            () = tokio::task::yield_now() => {}
        }
    }
    within(spawned.writer.write("half".into(), &progress)).await.unwrap();
    assert_eq!(line(&mut spawned.reader).await.as_deref(), Some("half and half"));
}

#[tokio::test]
async fn floods_of_standard_error_neither_block_the_server_nor_fill_memory() {
    let script = "import sys\nfor n in range(30000): sys.stderr.write(f'{n} ' + 'e' * 100 + '\\n')\n\
                  sys.stderr.write('z' * (3 << 20) + '\\n\\x1b[31mred\\n')\nsys.stderr.flush()\nprint('done')";
    let mut spawned = python(script);
    assert_eq!(line(&mut spawned.reader).await.as_deref(), Some("done"));
    assert_eq!(status(&spawned).await, Exit::Status(0));
    let lines = spawned.process.last_lines();
    assert_eq!(lines.len(), 64);
    assert_eq!(lines.last().unwrap(), "\u{fffd}[31mred");
    assert_eq!(lines[62], "z".repeat(2048));
    assert!(lines[61].starts_with("29999 e"), "{}", lines[61]);
    assert!(lines[0].starts_with("29938 e"), "{}", lines[0]);
}
