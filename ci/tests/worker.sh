#!/bin/sh
# A fake worker. What it does for a job is in FAKE_WORKER or else is the program's name: words, done in order.
engine=loom

answer() {
    printf '{"program":"%s","engine":"%s","verdict":"%s","bound":%s,"message":%s,' "$program" "$engine" "$1" "$2" "$3"
    printf '"executions":%s,"distinct":1,"outcomes":[],"lock_edges":[%s],' "$executions" "$edges"
    printf '"transitions":[%s],"passed":[%s],' "$transitions" "$passed"
    printf '"seconds":0.5}\n'
}

lends=0
while read -r job; do
    case $job in
    '{"lend":1}') lends=$((lends + 1)) && continue ;;
    esac
    program=${job#'{"program":"'}
    program=${program%%'","weaken":'*}
    edges=
    transitions=
    passed=
    executions=2
    for word in ${FAKE_WORKER:-$program}; do
        case $word in
        engine=*) engine=${word#engine=} ;;
        touch=*) : >"${word#touch=}" ;;
        await=*) until [ -e "${word#await=}" ]; do sleep 0.01; done ;;
        # Shows in the answer that follows.
        edge=*)
            edge=${word#edge=}
            edges="$edges${edges:+,}{\"held\":\"${edge%%/*}\",\"taken\":\"${edge#*/}\",\"place\":\"here.rs:1\"}"
            ;;
        transition=*)
            transition=${word#transition=}
            transitions="$transitions${transitions:+,}[\"${transition%%/*}\",\"${transition#*/}\"]"
            ;;
        passes=*) passed="$passed${passed:+,}\"${word#passes=}\"" ;;
        executions=*) executions=${word#executions=} ;;
        # Waits until a core is lent.
        lent) read -r lend && [ "$lend" = '{"lend":1}' ] || exit 4 ;;
        # As many executions as cores that were lent.
        how-many-lent) executions=$lends && answer complete null null ;;
        complete) answer complete null null ;;
        bounded) answer bounded '"2 executions"' null ;;
        preemptions=*) answer bounded "\"${word#preemptions=} preemptions in an execution\"" null ;;
        # As many as the job allows.
        preemptions)
            preemptions=${job#*'"preemptions":'}
            preemptions=${preemptions%%,*}
            [ "$preemptions" = 1 ] && s= || s=s
            answer bounded "\"$preemptions preemption$s in an execution\"" null
            ;;
        failed) answer failed null '"it fails"' && exit 1 ;;
        # Goes on after that.
        survives) engine=complete && answer failed null "\"it fails in process $$\"" ;;
        # Fails if the job weakens a site to this ordering, and is complete otherwise.
        needs-more-than=*)
            case $job in
            *"\"${word#*=}\"]"*) answer failed null '"it breaks"' && exit 1 ;;
            *) answer complete null null ;;
            esac
            ;;
        abort) echo 'last words' >&2 && kill -ABRT $$ ;;
        exit) exit 3 ;;
        garbage) echo garbage ;;
        half) printf '{"program":"half"' && exit 0 ;;
        # Until the runner goes away.
        hang) while read -r _; do :; done ;;
        esac
    done
done
